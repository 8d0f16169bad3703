import type { PeerFrame, Program, Settings, Step } from './program.js';

/** Lists with less in them: halves of it taken away, quarters …, one. */
function* fewer<Value>(list: readonly Value[]): Iterable<Value[]> {
  for (let size = list.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < list.length; at += size) yield [...list.slice(0, at), ...list.slice(at + size)];
  }
  if (list.length === 1) yield [];
}

function* smallerFrames(frames: readonly PeerFrame[]): Iterable<PeerFrame[]> {
  for (const less of fewer(frames)) if (less.length > 0) yield less;
  for (const [at, frame] of frames.entries()) {
    for (const simpler of smallerFrame(frame))
      yield frames.map((each, index) => (index === at ? simpler : each));
  }
}

function* smallerFrame(frame: PeerFrame): Iterable<PeerFrame> {
  for (const size of sizesBelow(frame.size)) yield { ...frame, size };
  const { what, size, compressed: _, parts, code } = frame;
  if (frame.compressed === true) yield { what, size, ...(parts === undefined ? {} : { parts }) };
  if (parts !== undefined) yield { what, size, ...(frame.compressed === true ? { compressed: true } : {}) };
  if (code !== undefined && code !== 1000) yield { ...frame, code: 1000 };
}

function sizesBelow(size: number): number[] {
  return [5, 200, 70_000, 100_000, size >> 1].filter((less) => less < size);
}

function without<Value extends object>(value: Value, name: string): Value {
  return Object.fromEntries(Object.entries(value).filter(([each]) => each !== name)) as Value;
}

function* smallerStep(step: Step): Iterable<Step> {
  if (step.do === 'peer') {
    for (const frames of smallerFrames(step.frames)) yield { ...step, frames };
    if (step.ends !== undefined) yield without(step, 'ends');
  } else if (step.do === 'wait') {
    if (step.ms !== 0) yield { do: 'wait', ms: 0 };
  } else {
    if (step.do === 'burst' && step.count > 1) yield { ...step, count: step.count >> 1 };
    if (step.do === 'burst' && step.count > 1) yield { ...step, count: step.count - 1 };
    if ('size' in step) for (const size of sizesBelow(step.size)) yield { ...step, size };
    if ('back' in step && step.back !== 'none') yield { ...step, back: 'none' };
    if ('back' in step && step.back !== 'none' && step.back !== 'notes') yield { ...step, back: 'notes' };
    for (const name of ['random', 'binary', 'compress', 'fin']) if (name in step) yield without(step, name);
    if (step.do === 'send' && step.body !== 'text' && step.body !== 'bytes') yield { ...step, body: 'bytes' };
    if (step.do === 'send' && step.body === 'bytes') yield { ...step, body: 'text' };
  }
}

function* smallerSettings(settings: Settings): Iterable<Settings> {
  for (const name of Object.keys(settings)) if (name !== 'closeTimeout') yield without(settings, name);
}

/** Smaller programs: fewer steps, fewer things that are special, smaller messages. */
export function* shrinkProgram(program: Program): Iterable<Program> {
  const { steps, early, settings, link, handler } = program;
  for (const less of fewer(steps)) yield { ...program, steps: less };
  for (const less of fewer(early)) yield { ...program, early: less };
  if (link.way !== 'duplex') yield { ...program, link: { ...link, way: 'duplex' } };
  if (link.piece !== 0) yield { ...program, link: { ...link, piece: 0 } };
  if (link.firstWrite !== undefined) yield { ...program, link: without(link, 'firstWrite') };
  if (link.write !== 'at once') yield { ...program, link: { ...link, write: 'at once' } };
  if (link.highWaterMark !== 16_384) yield { ...program, link: { ...link, highWaterMark: 16_384 } };
  if (handler.each !== 'nothing') yield { ...program, handler: { ...handler, each: 'nothing' } };
  for (const name of ['once', 'throwing'])
    if (name in handler) yield { ...program, handler: without(handler, name) };
  for (const less of smallerSettings(settings)) yield { ...program, settings: less };
  if (program.company > 0) yield { ...program, company: program.company - 1 };
  if (program.deaf) yield { ...program, deaf: false };
  if (program.finale !== 'terminate') yield { ...program, finale: 'terminate' };
  for (const [at, step] of steps.entries()) {
    for (const simpler of smallerStep(step))
      yield { ...program, steps: steps.map((each, index) => (index === at ? simpler : each)) };
  }
  for (const [at, frame] of early.entries()) {
    for (const simpler of smallerFrame(frame))
      yield { ...program, early: early.map((each, index) => (index === at ? simpler : each)) };
  }
}
