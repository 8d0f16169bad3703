import type { WebSocket } from '@x/node-adapter';
import { COLOURS, type Person } from './protocol.js';

const NAMES = (
  'Avocet Bittern Curlew Dunlin Eider Falcon Goldcrest Heron Ibis Jackdaw Kestrel Linnet Merlin Nightjar Osprey Plover ' +
  'Quail Robin Siskin Teal Veery Wren Yellowhammer Zitting'
).split(' ');

/** Who is behind each connection. A name that somebody has left goes round all the others before it is given again. */
export class People {
  readonly #people = new Map<WebSocket, Person>();
  readonly #taken = new Set<string>();
  #next = 0;

  /** @param wish the name that the client had before, which it is given again when it is free */
  add(client: WebSocket, wish?: string | null): Person {
    const bird = NAMES.indexOf(wish ?? '');
    const person = bird >= 0 && !this.#taken.has(NAMES[bird] ?? '') ? personOf(bird, 1) : this.#nextPerson();
    this.#taken.add(person.name);
    this.#people.set(client, person);
    return person;
  }

  delete(client: WebSocket): void {
    this.#taken.delete(this.#people.get(client)?.name ?? '');
    this.#people.delete(client);
  }

  #nextPerson(): Person {
    for (let tries = 0; ; tries++) {
      const person = personOf(this.#next, 1 + Math.floor(tries / NAMES.length));
      this.#next = (this.#next + 1) % NAMES.length;
      if (!this.#taken.has(person.name)) return person;
    }
  }
}

/** The first Heron is `Heron`, the second one `Heron 2`. */
function personOf(bird: number, number: number): Person {
  const name = NAMES[bird] ?? '';
  return { name: number === 1 ? name : `${name} ${number}`, colour: bird % COLOURS };
}
