/*
 * The end of a connection as one table (RFC 6455 §7), the same for both roles: what each event does in each state.
 */

/** How far the end of a connection has come. */
export type ClosingState =
  /** messages pass in both directions */
  | 'open'
  /** §7.1.2: this side closes; its close frame waits behind what was accepted before */
  | 'close-queued'
  /** its close frame is sent, the peer's has not come: what the peer sends until then is handed out */
  | 'close-sent'
  /** the peer's close frame came; this side's waits behind what was accepted before (§5.5.1) */
  | 'answer-queued'
  /** §7.1.3: both close frames have passed; nothing more is sent or received */
  | 'both-passed'
  /** §7.1.7: the connection has failed; its close frame waits */
  | 'failing'
  /** the peer's stream has ended without a close frame; what was accepted is still sent */
  | 'peer-ended'
  /** nothing more is sent or received, and not both close frames have passed */
  | 'ended'
  /** this side drops the transport: nothing more is sent; what was received may still be handed out */
  | 'terminated'
  /** the transport is gone; what was received before may still be handed out */
  | 'gone'
  /** the last event was told */
  | 'over';

/** What happens to a connection that is open or ends. */
export type ClosingEvent =
  /** our caller closes (§7.1.2) */
  | 'close'
  /** the close frame of this side has left the lane */
  | 'close-sent'
  /** it cannot be sent: there is no masking key to be had, say */
  | 'close-lost'
  /** the peer's close frame came (§7.1.5) */
  | 'close-received'
  /** the peer broke a rule, or passed a limit (§7.1.7) */
  | 'failure'
  /** this side closes without what waits to be sent */
  | 'abandon'
  /** our caller drops the transport */
  | 'terminate'
  /** the peer's stream has ended */
  | 'peer-end'
  /** all was sent that was accepted, and all was handed out that was received, before the peer's stream ended */
  | 'all-done'
  /** the transport is gone */
  | 'transport-end'
  /** all was handed out that was received before the transport was gone */
  | 'handed-out';

/** What is done at a step, in this order. */
export type ClosingAction =
  /** takes nothing more from the peer */
  | 'stopReading'
  /** gives up what waits to be sent */
  | 'dropQueue'
  /** has the message in parts wait for no end */
  | 'abandonParts'
  /** sends the close frame behind what waits */
  | 'putClose'
  /** tells the handler what the peer broke */
  | 'tellFailure'
  /** tells the handler of the peer's close frame */
  | 'tellClosing'
  /** has the host end the transport: nothing more is written */
  | 'end'
  /** writes nothing any more */
  | 'dropTransport'
  /** tells the handler the last event */
  | 'tellClosed';

/** A new state, and what is done on the way. */
export interface ClosingStep {
  readonly to: ClosingState;
  readonly actions: readonly ClosingAction[];
}

function to(state: ClosingState, ...actions: ClosingAction[]): ClosingStep {
  return { to: state, actions };
}

const GONE: ClosingStep = to('gone', 'dropTransport', 'dropQueue');
const LOST: ClosingStep = to('ended', 'stopReading', 'end');
const DROPPED: ClosingStep = to('terminated', 'dropTransport', 'dropQueue');

/**
 * The end of a connection: what each event does in each state. An event that a state does not have does nothing: a second
 * close, for example.
 */
export const CLOSING: {
  readonly [state in ClosingState]: { readonly [event in ClosingEvent]?: ClosingStep };
} = {
  open: {
    close: to('close-queued', 'putClose'),
    'close-received': to('answer-queued', 'stopReading', 'putClose', 'tellClosing'),
    failure: to('failing', 'stopReading', 'putClose', 'tellFailure'),
    abandon: to('close-queued', 'dropQueue', 'putClose'),
    terminate: DROPPED,
    'peer-end': to('peer-ended', 'abandonParts'),
    'transport-end': GONE,
  },
  'close-queued': {
    'close-sent': to('close-sent'),
    'close-lost': LOST,
    // Both sides close: the frame that waits is the answer (§7.1.3).
    'close-received': to('answer-queued', 'stopReading', 'tellClosing'),
    failure: to('failing', 'stopReading', 'tellFailure'),
    abandon: to('close-queued', 'dropQueue', 'putClose'),
    terminate: DROPPED,
    'peer-end': to('peer-ended', 'abandonParts'),
    'transport-end': GONE,
  },
  'close-sent': {
    'close-received': to('both-passed', 'stopReading', 'tellClosing', 'end'),
    failure: to('ended', 'stopReading', 'tellFailure', 'end'),
    terminate: DROPPED,
    'peer-end': to('peer-ended', 'abandonParts'),
    'transport-end': GONE,
  },
  'answer-queued': {
    'close-sent': to('both-passed', 'end'),
    'close-lost': LOST,
    abandon: to('answer-queued', 'dropQueue', 'putClose'),
    terminate: DROPPED,
    'transport-end': GONE,
  },
  'both-passed': {
    'transport-end': GONE,
  },
  failing: {
    'close-sent': to('ended', 'end'),
    'close-lost': LOST,
    abandon: to('failing', 'dropQueue', 'putClose'),
    terminate: DROPPED,
    'transport-end': GONE,
  },
  'peer-ended': {
    // What was received before the end, and handed out behind it.
    'close-received': to('answer-queued', 'stopReading', 'putClose', 'tellClosing'),
    failure: to('failing', 'stopReading', 'putClose', 'tellFailure'),
    abandon: to('peer-ended', 'dropQueue', 'putClose'),
    'close-lost': LOST,
    terminate: DROPPED,
    'all-done': to('ended', 'end'),
    'transport-end': GONE,
  },
  ended: {
    'transport-end': GONE,
  },
  terminated: {
    'close-received': to('terminated', 'stopReading', 'tellClosing'),
    failure: to('terminated', 'stopReading', 'tellFailure'),
    'transport-end': GONE,
  },
  gone: {
    'close-received': to('gone', 'stopReading', 'tellClosing'),
    failure: to('gone', 'stopReading', 'tellFailure'),
    'handed-out': to('over', 'stopReading', 'tellClosed'),
  },
  over: {},
};
