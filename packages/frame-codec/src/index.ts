export const placeholder: string = 'frame-codec';
