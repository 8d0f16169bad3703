/** What is called that is told what became of it. */
export const SENDS = [
  'text',
  'text bytes',
  'binary',
  'prepared',
  'raw',
  'raw ping',
  'ping',
  'pong',
  'later',
  'later ping',
  'start',
  'part',
  'part later',
  'end',
  'end later',
] as const;
/** What is called besides. */
export const CALLS = [
  'discard',
  'fill',
  'fill the last',
  'cork',
  'uncork',
  'flush',
  'turn',
  'drain',
  'hold',
  'probe',
  'give turn',
  'raw nothing',
  'close',
  'ping received',
  'peer end',
] as const;
/** What may lose messages. */
export const LOSSY = [
  'abandon',
  'terminate',
  'fail',
  'slot fails',
  'mask throws',
  'done throws',
  'write throws',
  'close received',
  'transport end',
] as const;

export type Deed = (typeof SENDS)[number] | (typeof CALLS)[number] | (typeof LOSSY)[number];
