// The page that doesn't join: its link leads back to where its window comes from.

import { part } from './ui/dom.js';

const from = new URLSearchParams(location.search).get('from') === 'viewer' ? 'viewer' : 'editor';
part<HTMLAnchorElement>('back').href = `window.html?as=${from}`;
