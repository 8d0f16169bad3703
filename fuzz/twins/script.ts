import type { PeerFrame, Program, Step } from './program.js';

function frameLine({ what, size, compressed, parts, code }: PeerFrame): string {
  const detail = what === 'close' ? (code ?? 'no code') : `${size} bytes`;
  return `${what} ${detail}${compressed === true ? ', compressed' : ''}${parts === undefined ? '' : `, in ${parts} frames`}`;
}

function framesLine(frames: readonly PeerFrame[]): string {
  return frames.map(frameLine).join(' | ');
}

function bracketed(options: object): string {
  const entries = Object.entries(options);
  return entries.length === 0
    ? ''
    : `, { ${entries.map(([name, value]) => `${name}: ${value}`).join(', ')} }`;
}

function backOf(back: string): string {
  return back === 'none' ? '' : `, callback that ${back}`;
}

function stepLine(step: Step): string {
  switch (step.do) {
    case 'send': {
      const { do: _, body, size, back, random, ...options } = step;
      return `ws.send(${body} of ${size} ${random === true ? 'random ' : ''}bytes${bracketed(options)}${backOf(back)})`;
    }
    case 'burst':
      return `${step.count} times ws.send(text of ${step.size} bytes${backOf(step.back)})`;
    case 'ping':
    case 'pong':
      return `ws.${step.do}(${step.size} bytes${backOf(step.back)})`;
    case 'frame':
      return `ws._sender.sendFrame(Sender.frame(text of ${step.size} bytes)${backOf(step.back)})`;
    case 'broadcast':
      return `server.broadcast(${step.body} of ${step.size} bytes)`;
    case 'close':
      return `ws.close(${step.code === undefined ? '' : `${step.code}, '${step.reason}'`})`;
    case 'terminate':
    case 'pause':
    case 'resume':
      return `ws.${step.do}()`;
    case 'abort':
      return 'controller.abort()';
    case 'server-close':
      return `server.close(${step.clients ? '{ timeout: 20 }' : ''})`;
    case 'stream':
      return `createWebSocketStream(ws, { readableHighWaterMark: ${step.mark} })${step.reads ? '.resume()' : ''}`;
    case 'wait':
      return step.ms > 0 ? `wait ${step.ms} ms` : step.ms === 0 ? 'wait for a turn' : 'wait for a tick';
    case 'peer':
      return `peer sends ${framesLine(step.frames)}${step.ends === undefined ? '' : `, and ends ${step.ends}`}`;
    case 'peer-stalls':
      return 'peer stops reading';
    case 'peer-reads':
      return 'peer reads again';
  }
}

/** Whether a value is a program, as the corpus has them. */
export function isProgram(value: unknown): value is Program {
  return (
    typeof value === 'object' && value !== null && 'steps' in value && 'link' in value && 'handler' in value
  );
}

/** A program as one reads it. */
export function scriptOf(program: Program): string {
  const { role, settings, link, handler, early, steps, deaf, company, finale } = program;
  const { each, once, throwing } = handler;
  const lines = [
    `a ${role} over ${JSON.stringify(link)}`,
    `options ${JSON.stringify(settings)}`,
    ...(deaf ? ['the peer answers no close frame and no end'] : []),
    ...(company > 0 ? [`${company} other clients listen`] : []),
    ...(each === 'nothing' ? [] : [`at each message: ${each}`]),
    ...(once === undefined ? [] : [`at message ${once.at}: ${once.does}`]),
    ...(throwing === undefined ? [] : [`listeners throw at: ${throwing.join(', ')}`]),
    ...(early.length === 0 ? [] : [`with its half of the handshake peer sends ${framesLine(early)}`]),
    ...steps.map((step, index) => `${String(index).padStart(2)}  ${stepLine(step)}`),
    `end  ${finale}`,
  ];
  return lines.join('\n');
}
