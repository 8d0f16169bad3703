import { type Person, PROTOCOL, readTold } from '../protocol.js';
import { describeClosed } from './close-codes.js';
import { Connection } from './connection.js';
import * as view from './view.js';

const address = new URL('/ws', location.href);
address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
view.showAddress(address.href);

/** Who this page is in the room. */
let me: Person | undefined;
/** Whether the wait for the next attempt has been announced. */
let announced: number | undefined;

const connection = new Connection(address, PROTOCOL, {
  changed() {
    const { retryAt } = connection;
    if (retryAt !== undefined && retryAt !== announced) view.announceRetry(connection);
    announced = retryAt;
    view.showConnection(connection);
    countDown();
  },
  lost(closed) {
    view.showNote(`Closed with ${closed.code}, ${describeClosed(closed)}`);
  },
  received(json) {
    const told = readTold(json);
    if (told === undefined) return;
    if ('you' in told) {
      me = told.you;
      // Who comes back asks for the same name.
      address.searchParams.set('name', me.name);
      view.showNote(`Connected as ${me.name}`);
    } else {
      view.showMessage(told.text, told.from, told.from.name === me?.name);
    }
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

view.showLength(view.textInput.value);
connection.open();
