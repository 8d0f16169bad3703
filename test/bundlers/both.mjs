// A program that imports the packages, and whose dependencies require them.
import { Codec, sharedCodec } from '@x/frame-codec';
import { HandshakeError } from '@x/handshake';
import WebSocket from '@x/node-adapter';
import { adapter, codec, handshake } from './dependency.cjs';

const same = [
  adapter === WebSocket,
  codec.Codec === Codec,
  codec.sharedCodec() === sharedCodec(),
  handshake.HandshakeError === HandshakeError,
];
console.log(same.every(Boolean) ? 'one copy' : `two copies: ${same}`);
