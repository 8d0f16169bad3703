"""A client of Python's websockets: websockets_client.py URL deflate|plain SCENARIO

Prints in one line of JSON what it saw.
"""

import asyncio
import json
import sys

import websockets

MIB = 1 << 20


async def echo(websocket):
    """Sends messages of many lengths, some at once, and tells which of them did not come back as they were."""
    texts = ["", "Grüße 🎉", "x" * 125, "x" * 126, "漢" * 30000, "aß漢🎉" * (MIB // 10)]
    binaries = [bytes(range(256)) * (length // 256) for length in (0, 256, 65536, MIB)]
    sent = [*texts, *binaries, *(f"{number}:" + "." * (number % 300) for number in range(500))]

    async def send():
        for message in sent:
            await websocket.send(message)

    sending = asyncio.create_task(send())
    received = [await websocket.recv() for _ in sent]
    await sending
    return {"count": len(received), "wrong": [i for i, message in enumerate(sent) if received[i] != message]}


async def fragments(websocket):
    await websocket.send(["one, ", "two, ", "", "drei ü, ", "four 🎉"])
    text = await websocket.recv()
    await websocket.send([b"\x00", b"\xff" * 70000, b"\x01"])
    binary = await websocket.recv()
    return {"text": text, "binary": binary == b"\x00" + b"\xff" * 70000 + b"\x01"}


async def ping(websocket):
    pong = await websocket.ping("are you there")
    await asyncio.wait_for(pong, 5)
    return {"pong": True}


async def close(websocket):
    await websocket.close(3999, "genug ✓")
    return {}


async def closed(websocket):
    await websocket.wait_closed()
    return {}


async def reserved(websocket):
    """A text frame of no bytes, masked with zeros, with RSV2."""
    websocket.transport.write(b"\xa1\x80\x00\x00\x00\x00")
    await websocket.wait_closed()
    return {}


SCENARIOS = {run.__name__: run for run in (echo, fragments, ping, close, closed, reserved)}


async def main(url, compression, scenario):
    options = {"compression": compression, "max_size": 4 * MIB, "subprotocols": ["v3", "v2"]}
    async with websockets.connect(url, **options) as websocket:
        seen = await SCENARIOS[scenario](websocket)
    print(
        json.dumps(
            {
                **seen,
                "extensions": [extension.name for extension in websocket.extensions],
                "subprotocol": websocket.subprotocol,
                "code": websocket.close_code,
                "reason": websocket.close_reason,
            }
        )
    )


asyncio.run(main(sys.argv[1], "deflate" if sys.argv[2] == "deflate" else None, sys.argv[3]))
