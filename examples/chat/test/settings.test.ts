import { describe, expect, it } from 'vitest';
import { readSettings, UsageError } from '../src/settings.js';

describe('readSettings', () => {
  it('listens on 127.0.0.1 port 8080 when nothing is said', () => {
    expect(readSettings({})).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(readSettings({ HOST: '', PORT: '' })).toEqual({ host: '127.0.0.1', port: 8080 });
  });

  it('takes HOST and PORT, from 0 to 65535', () => {
    expect(readSettings({ HOST: '::1', PORT: '65535' })).toEqual({ host: '::1', port: 65535 });
    expect(readSettings({ PORT: '0' })).toEqual({ host: '127.0.0.1', port: 0 });
  });

  it.each([
    '65536',
    '99999',
    '-1',
    '80.5',
    '1e3',
    '0x50',
    ' 80',
    '80 ',
    'http',
    '８０',
    '100000000000000000000',
  ])('refuses PORT=%j in one line that quotes it', (port) => {
    expect(() => readSettings({ PORT: port })).toThrow(UsageError);
    expect(() => readSettings({ PORT: port })).toThrow(
      `PORT must be a whole number from 0 to 65535, not ${JSON.stringify(port)}`,
    );
  });

  it('keeps its message on one line whatever PORT holds', () => {
    expect(() => readSettings({ PORT: '80\n81' })).toThrow(/^[^\n]+$/);
  });
});
