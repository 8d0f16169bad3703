import { anyStream, chunksOf, type PlantedInput, plantedStream, textStream } from '../arbitraries/stream.js';
import type { StreamInput } from '../arbitraries/stream-input.js';
import { FrameModel } from '../models/frames.js';
import type { Property } from './property.js';
import { decodeFrames } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

/** What the slow model makes of a stream, where an extension claimed RSV1 or where none did. */
export function modelOf({ role, limits, bytes }: StreamInput, rsv1 = false): FrameModel {
  const model = new FrameModel({ masked: role === 'server', rsv1, checkText: !rsv1, ...limits });
  model.push(bytes);
  return model;
}

function writeModel(model: FrameModel, to: Transcript): void {
  to.clear();
  const { frames, fault } = model;
  for (const { first, payload, whole } of frames) {
    if (fault !== undefined && !whole) continue;
    to.begin(TAG.frame);
    to.byte(first);
    to.put(payload);
  }
  if (fault === undefined) return;
  to.begin(TAG.error);
  to.latin1(`${fault.violation} at ${fault.position}`);
}

const a = new Transcript();
const b = new Transcript();

export const framesAnySplit: Property<StreamInput> = {
  name: 'frames-any-split',
  claim: 'however a stream is cut, the same frames and the same error come out (§5.2)',
  part: 'codec',
  arbitrary: anyStream,
  check: (input, kernel) => {
    decodeFrames(kernel, input, [input.bytes], a);
    decodeFrames(kernel, input, chunksOf(input), b);
    same('in one piece', a, 'in chunks', b);
  },
};

export const framesKernels: Property<StreamInput> = {
  name: 'frames-kernels',
  claim: 'both kernels give the same frames, and the same errors at the same places (§5, §8.1)',
  part: 'kernels',
  arbitrary: anyStream,
  check: (input) => {
    const chunks = chunksOf(input);
    decodeFrames('wasm', input, chunks, a);
    decodeFrames('script', input, chunks, b);
    same('wasm', a, 'script', b);
  },
};

export const framesModel: Property<StreamInput> = {
  name: 'frames-model',
  claim: 'the decoder agrees with a slow model that was written from the RFC (§5, §8.1)',
  part: 'codec',
  arbitrary: anyStream,
  check: (input, kernel) => {
    decodeFrames(kernel, input, chunksOf(input), a);
    writeModel(modelOf(input, input.rsv1), b);
    same('decoder', a, 'model', b);
  },
};

export const textModel: Property<StreamInput> = {
  name: 'text-model',
  claim:
    'text that is UTF-8 by a slow model is, and what is not fails at the byte that nothing can mend (§8.1)',
  part: 'codec',
  arbitrary: textStream,
  check: (input, kernel) => {
    decodeFrames(kernel, input, chunksOf(input), a);
    writeModel(modelOf(input), b);
    same('decoder', a, 'model', b);
  },
};

export const framesPlanted: Property<PlantedInput> = {
  name: 'frames-planted',
  claim: 'a rule that is broken once is named, at its place, behind all frames before it (§5, §7.4.1)',
  part: 'codec',
  arbitrary: plantedStream,
  check: (input, kernel) => {
    const { violation, position, frames } = input;
    if (position === undefined) return;
    decodeFrames(kernel, input, chunksOf(input), a);
    const lines = a.lines();
    const expected = `error ${violation} at ${position}`;
    if (lines.at(-1) !== expected) throw new Error(`expected "${expected}", not "${lines.at(-1)}"`);
    if (lines.length !== frames + 1)
      throw new Error(`expected ${frames} frames before it, not ${lines.length - 1}`);
  },
};
