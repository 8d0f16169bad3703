// What `import` gives in Node: the very module that `require` gives.
export * from '../dist/index.cjs';
