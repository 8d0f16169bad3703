import { describe, expect, it } from 'vitest';
import { sharedCodec } from '../../src/index.js';

interface Runtime {
  readonly process?: {
    readonly versions: { readonly node?: string };
    readonly env: Record<string, string | undefined>;
  };
  readonly Bun?: { readonly version: string };
  readonly Deno?: { readonly version: { readonly deno: string } };
}

const { process, Bun, Deno }: Runtime = globalThis as unknown as Runtime;

/** `node 24.0.0`, by what its globals say; Bun and Deno also say that they are Node. */
function runtime(): string {
  const [name, version = ''] =
    Bun !== undefined
      ? ['bun', Bun.version]
      : Deno !== undefined
        ? ['deno', Deno.version.deno]
        : ['node', process?.versions.node];
  return `${name} ${version}`;
}

describe('the runtime of these tests', () => {
  it('is the one that was asked for, in the workers too', () => {
    expect(runtime()).toMatch(process?.env.EXPECTED_RUNTIME ?? /^(node|bun|deno) \d+\./);
  });

  it('runs the WebAssembly kernel', () => {
    expect(sharedCodec().kind).toBe('wasm');
  });
});
