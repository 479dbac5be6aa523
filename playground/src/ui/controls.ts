import type { Deed, Question } from '../place/deeds.js';
import { make, type Content } from './dom.js';

/** Long enough to be noticed, on a busy machine too. */
export const HANG_MS = 5000;

/** Makes the controls with which a place is operated: its own, or, over the mesh, another one's. */
export function makeControls(to: () => string, act: (deed: Deed) => void): HTMLElement {
  const text = make('input');
  Object.assign(text, { value: 'Hello', maxLength: 200, autocomplete: 'off', spellcheck: false });
  text.dataset['testid'] = 'text';
  text.setAttribute('aria-label', 'Text');
  const send = button('Send', 'send', 'An event: to all who listen, or to one');
  send.type = 'submit';
  send.className = 'primary';
  const say = make('form', 'field', label('Event'), make('div', 'buttons', text, send));
  say.addEventListener('submit', (event) => {
    event.preventDefault();
    act({ do: 'say', to: to(), text: text.value });
  });

  const ask = (what: Question, words: string, title: string): HTMLElement =>
    on(button(words, what, title), () => act({ do: 'ask', to: to(), what, text: text.value }));
  const takes = select('slow-ms', 'How long it takes', ['2000', '2 s'], ['5000', '5 s'], ['20000', '20 s']);
  takes.value = '5000';
  const limit = select(
    'slow-timeout',
    'The request’s time-out',
    ['Infinity', 'no limit'],
    ['500', '≤ 0.5 s'],
    ['2000', '≤ 2 s'],
  );
  const askSlow = on(button('Ask', 'slow', 'A request that takes its time'), () =>
    act({ do: 'ask-slow', to: to(), ms: Number(takes.value), timeout: Number(limit.value) }),
  );

  const pace = select('stream-pace', 'How fast', ['20', '20/s'], ['1000', '1,000/s'], ['Infinity', 'flat out']);
  pace.value = '1000';
  const stream = on(button('Take', 'stream', 'Numbers, one after the other, until stopped'), () =>
    act({ do: 'stream', to: to(), perSecond: Number(pace.value) }),
  );
  const slow = make('input');
  slow.type = 'checkbox';
  slow.dataset['testid'] = 'slow-consumer';
  slow.addEventListener('change', () => act({ do: 'take-time', slow: slow.checked }));
  const slowly = make('label', 'check', slow, 'slowly');
  slowly.title = 'A slow consumer: the producer is held back, and nobody’s memory grows';

  const port = (shape: 'sine' | 'trail', words: string, title: string): HTMLElement =>
    on(button(words, `port-${shape}`, title), () => act({ do: 'open-port', to: to(), shape }));

  const takingTime = field(
    'Slow',
    takes,
    limit,
    askSlow,
    on(button('Abort', 'abort', 'Aborts what is slow'), () => act({ do: 'abort' })),
  );
  takingTime.classList.add('slow');

  return make(
    'div',
    'controls',
    say,
    field(
      'Request',
      ask('echo', 'Echo', 'Answered with the same text'),
      ask('mirror', 'Array', 'A typed array, there and back mirrored: not a bit of it may change'),
      ask('primes', 'Primes', 'Computes at the other side'),
      ask('fail', 'Fail', 'Its handler throws: see both stacks'),
    ),
    takingTime,
    field(
      'Stream',
      pace,
      stream,
      slowly,
      on(button('Stop', 'stop-stream', 'break: the producer stops too'), () => act({ do: 'stop-stream' })),
    ),
    field(
      'Port',
      port('sine', 'Sine', 'A port straight to that peer, which draws what comes'),
      port('trail', 'Trail', 'The mouse over the canvas here, drawn there'),
      on(button('Close', 'close-ports', 'Closes the ports opened here'), () => act({ do: 'close-ports' })),
      on(
        button('Hang here', 'hang', `This place stands still for ${HANG_MS / 1000} s, and who shares its thread`),
        () => act({ do: 'hang', ms: HANG_MS }),
      ),
    ),
    field(
      'Comlink',
      on(button('Dance', 'dance', 'Wraps the scene that a window exposes, and lets shapes dance there'), () =>
        act({ do: 'dance', to: to() }),
      ),
      on(button('Leave', 'leave-scenes', 'Releases the scenes'), () => act({ do: 'leave-scenes' })),
    ),
  );
}

function field(words: string, ...content: readonly Content[]): HTMLElement {
  return make('div', 'field', label(words), make('div', 'buttons', ...content));
}

function label(words: string): HTMLElement {
  return make('span', 'label', words);
}

function button(words: string, testId: string, title: string): HTMLButtonElement {
  const made = make('button', '', words);
  made.type = 'button';
  made.title = title;
  made.dataset['testid'] = testId;
  return made;
}

function on(made: HTMLButtonElement, click: () => void): HTMLButtonElement {
  made.addEventListener('click', click);
  return made;
}

function select(testId: string, title: string, ...options: readonly (readonly [string, string])[]): HTMLSelectElement {
  const made = make('select');
  made.append(...options.map(([value, words]) => new Option(words, value)));
  made.title = title;
  made.dataset['testid'] = testId;
  return made;
}
