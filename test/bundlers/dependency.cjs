exports.adapter = require('@x/node-adapter');
exports.codec = require('@x/frame-codec');
exports.handshake = require('@x/handshake');
