import { describe, expect, it } from 'vitest';
import { arrowsUp, circles, importsOf, unknownWings } from './imports.js';

/**
 * Tests that the sources of a package keep to its wings.
 *
 * @param wings from top to bottom, and what each is for: a file imports from its own and from those below
 */
export function describeWings(sources: URL, wings: Readonly<Record<string, string>>): void {
  describe('the wings of the sources', () => {
    const order = Object.keys(wings);
    const imports = importsOf(sources);
    const imported = Object.values(imports).flat();

    it('are those of the table', () => {
      expect(unknownWings(imports, order)).toEqual([]);
    });

    it('import from wings below alone, types included', () => {
      expect(imported.length).toBeGreaterThan(100);
      expect(arrowsUp(imports, order)).toEqual([]);
    });

    it('have no circle of files', () => {
      expect(circles(imports)).toEqual([]);
    });

    it('import files that are there', () => {
      expect(imported.filter((file) => !(file in imports))).toEqual([]);
    });
  });
}
