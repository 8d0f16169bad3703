/**
 * The listeners of an emitter by type, with room for the types that most of them have. Node's own table is a dictionary
 * from the start, which takes four times as much (`idle` in the benchmarks).
 */
export class Listeners {
  message: unknown = undefined;
  error: unknown = undefined;
  close: unknown = undefined;
}

// Nothing in it that was not put there: names of types may be any.
Object.setPrototypeOf(Listeners.prototype, null);
Reflect.deleteProperty(Listeners.prototype, 'constructor');
