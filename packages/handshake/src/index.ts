export const placeholder: string = 'handshake';
