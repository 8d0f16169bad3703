export * from '../dist/types/index.js';
export { WebSocket as default } from '../dist/types/index.js';
