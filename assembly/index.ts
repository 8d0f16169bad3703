// The whole interface of the frame kernel. Its memory is drawn in packages/frame-codec/src/kernel/memory-map.ts.

export { scan } from './scan';
export { mask, maskText } from './unmask';
export { validate } from './utf8';
