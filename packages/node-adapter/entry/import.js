// What `import` gives: the very module that `require` gives.
export * from '../dist/index.cjs';
export { WebSocket as default } from '../dist/index.cjs';
