// Loaded before the program, as its documentation tells.
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { NetInstrumentation } = require('@opentelemetry/instrumentation-net');
const { NodeSDK, tracing } = require('@opentelemetry/sdk-node');

new NodeSDK({
  traceExporter: new tracing.InMemorySpanExporter(),
  instrumentations: [new NetInstrumentation(), new HttpInstrumentation()],
}).start();

// It watches what is loaded from here on.
require('node:net');
require('node:http');
