import { isPlace, places } from '../places.js';

/** The one element of the page with that test id. The page's own code finds its parts as the tests do. */
export function part<E extends HTMLElement = HTMLElement>(name: string): E {
  const element = document.querySelector<E>(`[data-testid="${name}"]`);
  if (!element) throw new Error(`the page has no '${name}'`);
  return element;
}

export type Content = Node | string;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...content: readonly Content[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

export function makeSvg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

export function makeButton(label: string, testId: string, onClick: () => void): HTMLButtonElement {
  const button = make('button', '', label);
  button.type = 'button';
  button.dataset['testid'] = testId;
  button.addEventListener('click', onClick);
  return button;
}

/** A peer's name in its own colour. */
export function nameTag(name: string): HTMLElement {
  const tag = make('b', 'name', name);
  tag.dataset['hue'] = hueOf(name);
  return tag;
}

/** Peers have the colour of their kind; those that the playground doesn't know share one. */
export function hueOf(name: string): string {
  return isPlace(name) ? places[name].type : 'other';
}
