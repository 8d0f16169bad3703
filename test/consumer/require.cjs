// A user's module of the older kind.
const assert = require('node:assert/strict');

async function main() {
  for (const name of ['@x/handshake', '@x/frame-codec', '@x/node-adapter']) {
    const required = require(name);
    const imported = await import(name);
    assert.notEqual(Object.keys(imported).length, 0, name);
    // Both ways lead to one module, so that there is one class of each name and one kernel a thread.
    // The adapter gives its class, as npm ws does.
    if (name === '@x/node-adapter') assert.equal(required, imported.default, name);
    for (const key of Object.keys(imported)) {
      // Newer versions of Node add the latter to what is imported of CommonJS.
      if (key === 'default' || key === 'module.exports') continue;
      assert.equal(required[key], imported[key], `${name}: ${key}`);
    }
    assert.equal(require(`${name}/package.json`).name, name);
  }
  console.log('require works');
}

main();
