// A user's module of the older kind: require() of ESM works from Node 20.19 on.
const assert = require('node:assert/strict');

async function main() {
  for (const name of ['@x/handshake', '@x/frame-codec', '@x/node-adapter']) {
    const required = require(name);
    assert.notEqual(Object.keys(required).length, 0, name);
    // Both ways lead to one module, so that there is one class of each name and one kernel a thread.
    assert.equal(required, await import(name), name);
    assert.equal(require(`${name}/package.json`).name, name);
  }
  console.log('require works');
}

main();
