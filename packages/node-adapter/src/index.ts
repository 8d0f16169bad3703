export const placeholder: string = 'node-adapter';
