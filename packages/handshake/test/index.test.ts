import { expect, it } from 'vitest';
import { placeholder } from '../src/index.js';

it('p', () => {
  expect(placeholder).toBe('handshake');
});
