// A user of the two lower packages, in a runtime that is neither Node nor a browser.
import * as codec from '@x/frame-codec';
import { acceptValue } from '@x/handshake';

export const accept: string = acceptValue('dGhlIHNhbXBsZSBub25jZQ==');
export const names: string[] = Object.keys(codec);
