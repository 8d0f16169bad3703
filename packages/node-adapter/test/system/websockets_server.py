"""A server of Python's websockets: websockets_server.py deflate|plain

Prints its port, then "closed CODE REASON" for each connection that ends. Ends with its standard input.
"""

import asyncio
import sys

import websockets


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


async def fragments(websocket):
    await websocket.send(["one, ", "two, ", "", "drei ü, ", "four 🎉"])
    await websocket.send([b"\x00", b"\xff" * 70000, b"\x01"])


async def ping(websocket):
    pong = await websocket.ping("are you there")
    await pong
    await websocket.send("pong came")


async def close(websocket):
    await websocket.close(4001, "geh’ heim")


async def subprotocol(websocket):
    await websocket.send(str(websocket.subprotocol))


SCENARIOS = {f"/{run.__name__}": run for run in (echo, fragments, ping, close, subprotocol)}


async def serve(websocket):
    await SCENARIOS[websocket.path](websocket)
    await websocket.wait_closed()
    print("closed", websocket.close_code, websocket.close_reason, flush=True)


async def main(compression):
    options = {"compression": compression, "max_size": 4 << 20, "subprotocols": ["v2", "v1"]}
    async with websockets.serve(serve, "127.0.0.1", 0, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


sys.stdout.reconfigure(encoding="utf-8")
asyncio.run(main("deflate" if sys.argv[1] == "deflate" else None))
