import { clip } from '../clip.js';
import { describeCloseCode } from './close-codes.js';
import { Connection } from './connection.js';
import * as view from './view.js';

const address = new URL('/ws', location.href);
address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

/** What was sent over the connection at hand and has not come back yet, oldest first. */
let unanswered: string[] = [];
let lastState: number = WebSocket.CLOSED;

const connection = new Connection(address.href, {
  changed() {
    const { readyState, closed, retryAt, failures } = connection;
    if (readyState !== lastState) {
      lastState = readyState;
      if (readyState === WebSocket.OPEN) view.showNote('Connected');
      if (readyState === WebSocket.CLOSED && closed !== undefined) {
        unanswered = [];
        const { code, reason } = closed;
        // One line for a loss, not one more for each attempt that fails after it.
        if (failures <= 1) {
          view.showNote(`Closed with ${code}, ${describeCloseCode(code)}${reason && `: ${reason}`}`);
        }
        if (retryAt !== undefined) view.announceRetry(retryAt);
      }
    }
    view.showConnection(connection);
    countDown();
  },
  received(text) {
    // Messages come back to their sender in the order in which they were sent, cut as the server cuts them.
    const mine = unanswered[0] === text;
    if (mine) unanswered.shift();
    view.showMessage(text, mine);
  },
});

let countdown: ReturnType<typeof setInterval> | undefined;

function countDown(): void {
  clearInterval(countdown);
  if (connection.retryAt !== undefined) countdown = setInterval(() => view.showCountdown(connection), 250);
}

let watching = false;
let peak = 0;

/** Draws `bufferedAmount` on each frame until it is 0 again, which the browser tells by no event. */
function watchBuffered(): void {
  const amount = connection.bufferedAmount;
  peak = Math.max(peak, amount);
  view.showBuffered(amount, peak);
  watching = amount > 0 && connection.readyState === WebSocket.OPEN;
  if (watching) requestAnimationFrame(watchBuffered);
}

view.composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = view.textInput.value;
  if (text === '' || !connection.send(text)) return;
  unanswered.push(clip(text));
  view.textInput.value = '';
  view.showLength('');
  if (!watching) {
    peak = 0;
    watchBuffered();
  }
});

view.textInput.addEventListener('input', () => view.showLength(view.textInput.value));
view.toggleButton.addEventListener('click', () => {
  if (connection.wanted) connection.close();
  else connection.open();
});
view.retryButton.addEventListener('click', () => {
  connection.open();
  view.textInput.focus();
});
// A network that has come back, or a person who looks again, need not wait for the countdown.
window.addEventListener('online', retry);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') retry();
});

function retry(): void {
  if (connection.retryAt !== undefined) connection.open();
}

view.showAddress(address.href);
view.showLength(view.textInput.value);
connection.open();
