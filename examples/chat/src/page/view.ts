import { lengthOf, MESSAGE_LIMIT } from '../clip.js';
import type { Person } from '../protocol.js';
import { describeClosed } from './close-codes.js';
import type { Connection } from './connection.js';

/** Entries kept in the log; the oldest leave first. */
const LOG_LIMIT = 500;
const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const;

function find<T extends Element>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no #${id} of the right kind`);
  return element;
}

export const composer: HTMLFormElement = find('composer', HTMLFormElement);
export const textInput: HTMLInputElement = find('text', HTMLInputElement);
export const toggleButton: HTMLButtonElement = find('toggle', HTMLButtonElement);
export const retryButton: HTMLButtonElement = find('retry', HTMLButtonElement);
const sendButton = find('send', HTMLButtonElement);
const newerButton = find('newer', HTMLButtonElement);
const wire = find('wire', HTMLElement);
const state = find('state', HTMLElement);
const buffered = find('buffered', HTMLOutputElement);
const bufferedPeak = find('buffered-peak', HTMLElement);
const closeCode = find('close-code', HTMLElement);
const closeReason = find('close-reason', HTMLElement);
const scroll = find('scroll', HTMLElement);
const log = find('log', HTMLOListElement);
const empty = find('empty', HTMLElement);
const lost = find('lost', HTMLElement);
const lostTitle = find('lost-title', HTMLElement);
const lostCountdown = find('lost-countdown', HTMLElement);
const announcement = find('announcement', HTMLElement);
const addressLine = find('address', HTMLElement);
const ticks = find('ticks', HTMLElement);
const count = find('count', HTMLElement);

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

/** Shows where the socket goes. */
export function showAddress(url: string): void {
  addressLine.textContent = url;
}

/** Adds a message to the log, as text. */
export function showMessage(text: string, { name, colour }: Person, mine: boolean): void {
  const speaker = document.createElement('span');
  speaker.className = 'who';
  speaker.dataset.colour = String(colour);
  speaker.textContent = mine ? `${name} (you)` : name;
  const bubble = document.createElement('p');
  bubble.dir = 'auto';
  bubble.textContent = text;
  // Who goes on talking is named once to those who look.
  if (log.lastElementChild?.querySelector('.who')?.textContent === speaker.textContent) {
    speaker.classList.add('visually-hidden');
  }
  addEntry(mine ? 'mine' : 'theirs', speaker, bubble);
  empty.hidden = true;
}

/** Adds a line about the connection to the log. */
export function showNote(text: string): void {
  const line = document.createElement('p');
  line.textContent = text;
  addEntry('note', line);
}

function addEntry(kind: 'mine' | 'theirs' | 'note', ...parts: readonly HTMLElement[]): void {
  const entry = document.createElement('li');
  entry.className = kind;
  const time = document.createElement('time');
  const now = new Date();
  time.dateTime = now.toISOString();
  time.textContent = clock.format(now);
  entry.append(...parts, time);
  log.append(entry);
  while (log.childElementCount > LOG_LIMIT) log.firstElementChild?.remove();
  if (following || kind === 'mine') scrollToEnd();
  else if (kind === 'theirs') newerButton.hidden = false;
}

/** Whether the end of the log stays in sight as it grows: until its reader scrolls back. */
let following = true;

function scrollToEnd(): void {
  following = true;
  scroll.scrollTop = scroll.scrollHeight;
  newerButton.hidden = true;
}

function keepEndInSight(): void {
  if (following) scrollToEnd();
}

newerButton.addEventListener('click', scrollToEnd);
scroll.addEventListener('scroll', () => {
  following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 48;
  if (following) newerButton.hidden = true;
});
// The keyboard of a phone, or a turn of it, takes room from the log.
new ResizeObserver(keepEndInSight).observe(scroll);

/** Draws everything that `connection` says about itself, but for the countdown and `bufferedAmount`. */
export function showConnection(connection: Connection): void {
  const { readyState, closed } = connection;
  const open = readyState === WebSocket.OPEN;
  wire.dataset.state = String(readyState);
  state.textContent = STATES[readyState] ?? '';
  sendButton.disabled = !open;
  toggleButton.textContent = connection.wanted ? 'Leave' : 'Join';
  if (closed !== undefined) {
    closeCode.textContent = String(closed.code);
    closeReason.textContent = describeClosed(closed);
  }
  const down = !open && (connection.failures > 0 || !connection.wanted);
  lost.hidden = !down;
  lost.classList.toggle('left', !connection.wanted);
  retryButton.hidden = !connection.wanted || readyState !== WebSocket.CLOSED;
  if (down) lostTitle.textContent = downTitle(connection);
  if (!down) announcement.textContent = '';
  showCountdown(connection);
  // The banner takes room from the log.
  keepEndInSight();
}

function downTitle({ wanted, readyState, closed }: Connection): string {
  if (!wanted) return readyState === WebSocket.CLOSED ? 'You have left the chat.' : 'Leaving.';
  if (readyState !== WebSocket.CLOSED) return 'Connecting again.';
  return closed === undefined ? 'The server does not answer.' : 'The connection is lost.';
}

/** Draws how long it is until the next attempt. */
export function showCountdown({ retryAt }: Connection): void {
  lostCountdown.textContent = retryAt === undefined ? '' : `Next try in ${secondsUntil(retryAt)} s`;
}

/** Says once, to those who listen, what the countdown shows to those who look. */
export function announceRetry(connection: Connection): void {
  const { retryAt = 0 } = connection;
  announcement.textContent = `${downTitle(connection)} Next try in ${secondsUntil(retryAt)} seconds.`;
}

function secondsUntil(moment: number): number {
  return Math.max(1, Math.ceil((moment - performance.now()) / 1000));
}

/** Draws `bufferedAmount`: what waits now, and the most that has waited since the last message was given to `send`. */
export function showBuffered(amount: number, peak: number): void {
  buffered.textContent = formatBytes(amount);
  bufferedPeak.textContent =
    amount > 0 ? `Sending ${formatBytes(peak)}` : `Last send: ${formatBytes(peak)}, nothing waits`;
  wire.classList.toggle('sending', amount > 0);
}

function formatBytes(amount: number): string {
  return amount < 10_000 ? `${amount} B` : `${(amount / 1000).toFixed(1)} kB`;
}

/** Draws how many of the characters that a message may have are used. */
export function showLength(text: string): void {
  const used = lengthOf(text);
  const over = used > MESSAGE_LIMIT;
  ticks.style.setProperty('--used', String(Math.min(used, MESSAGE_LIMIT)));
  composer.classList.toggle('over', over);
  count.textContent = over
    ? `Only the first ${MESSAGE_LIMIT} characters will be sent (${used} written)`
    : `${used} of ${MESSAGE_LIMIT} characters`;
}
