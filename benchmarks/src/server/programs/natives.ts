/** Names of the packages whose native part is loaded, in a program that runs in Node. */
export function loadedNatives({ cache }: NodeJS.Require): string[] {
  const names = Object.keys(cache)
    .filter((file) => file.endsWith('.node'))
    .map(
      (file) =>
        file
          .split(/[\\/]node_modules[\\/]/)
          .at(-1)
          ?.split(/[\\/]/)[0] ?? file,
    );
  return [...new Set(names)].sort();
}
