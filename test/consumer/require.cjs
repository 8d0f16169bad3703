// A user's module of the older kind: require() of ESM works from Node 20.19 on.
const assert = require('node:assert/strict');

async function main() {
  for (const name of ['@x/handshake', '@x/frame-codec', '@x/node-adapter']) {
    const required = require(name);
    const imported = await import(name);
    assert.notEqual(Object.keys(imported).length, 0, name);
    // Both ways lead to one module, so that there is one class of each name and one kernel a thread.
    // A module may say itself what require() gives: the adapter gives its class, as npm ws does.
    const given = imported['module.exports'];
    if (given !== undefined) assert.equal(required, given, name);
    for (const key of Object.keys(imported)) {
      if (given !== undefined && (key === 'default' || key === 'module.exports')) continue;
      assert.equal(required[key], imported[key], `${name}: ${key}`);
    }
    assert.equal(require(`${name}/package.json`).name, name);
  }
  console.log('require works');
}

main();
