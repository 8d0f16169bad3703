'use strict';
// What `require` gives: the class, as with npm ws, which has everything else on it.
module.exports = require('#implementation').WebSocket;
