// What `import` gives: the very module that `require` gives.
export * from '#implementation';
export { WebSocket as default } from '#implementation';
