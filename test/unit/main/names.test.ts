import { describe, expect, it } from 'vitest';
import { MAIN, Names, TRUSTED } from '../../../src/main/names.js';

describe('Names', () => {
  it('belong to the origin that took them first', () => {
    const names = new Names();
    expect(names.take('editor', 'app://a')).toBeUndefined();
    expect(names.take('editor', 'app://a')).toBeUndefined();
    expect(names.take('editor', 'app://b')).toMatch(/^the name 'editor' is held by another origin\. .*authorize/);
    expect(names.take('viewer', 'app://b')).toBeUndefined();
  });

  it('that main took are reserved, and main itself from the start', () => {
    const names = new Names();
    expect(names.take('main', 'app://a')).toMatch(/^the name 'main' is reserved by main/);
    expect(names.take('settings', TRUSTED)).toBeUndefined();
    expect(names.take('settings', 'app://a')).toMatch(/is reserved by main/);
    expect(names.take('main', MAIN)).toBeUndefined();
  });

  it("of main's own seats are not those of what it attaches, unless granted; the other way round they may be", () => {
    const names = new Names();
    expect(names.take('settings', MAIN)).toBeUndefined();
    for (const name of ['main', 'settings']) {
      expect(names.take(name, TRUSTED)).toMatch(/is reserved by main\. .*attach\(child, \{ grant/);
      expect(names.take(name, TRUSTED, [name])).toBeUndefined();
    }
    names.take('thumbs', TRUSTED);
    expect(names.take('thumbs', MAIN)).toBeUndefined();
  });

  it('that a page holds are refused to main too', () => {
    const names = new Names();
    names.take('editor', 'app://a');
    expect(names.take('editor', TRUSTED)).toMatch(/held by another origin/);
    // There is nobody who could grant main something.
    expect(names.take('editor', MAIN)).toMatch(
      /held by another origin\. Choose another, or take it before anybody else/,
    );
  });

  it('can be granted, without changing who holds them', () => {
    const names = new Names();
    expect(names.take('main', 'app://a', ['main'])).toBeUndefined();
    expect(names.take('main', 'app://a')).toMatch(/reserved/);
    expect(names.take('main', 'app://a', ['other'])).toMatch(/reserved/);
  });

  it('can be granted by their beginning', () => {
    const names = new Names();
    names.take('widget-a', 'app://a');
    expect(names.take('widget-a', 'app://b', ['widget-*'])).toBeUndefined();
    expect(names.take('main', 'app://b', ['widget-*'])).toMatch(/reserved/);
    expect(names.take('main', 'app://b', ['*'])).toBeUndefined();
  });

  it('that were granted before anybody held them are held by whom they were granted to', () => {
    const names = new Names();
    expect(names.take('settings', 'app://settings', ['settings'])).toBeUndefined();
    expect(names.take('settings', 'app://b')).toMatch(/held by another origin/);
  });

  it('are 1000 for one origin, and hurt no other', () => {
    const names = new Names();
    for (let i = 0; i < 1000; i++) expect(names.take(`n${i}`, 'app://a')).toBeUndefined();
    expect(names.take('one more', 'app://a')).toMatch(/^app:\/\/a holds 1000 names already/);
    expect(names.take('n999', 'app://a')).toBeUndefined();
    expect(names.take('one more', 'app://b')).toBeUndefined();
  });

  it('have a limit of their own, which main and what it attaches does not have', () => {
    const names = new Names(2);
    for (const name of ['a', 'b']) expect(names.take(name, 'app://a')).toBeUndefined();
    expect(names.take('c', 'app://a')).toMatch(/^app:\/\/a holds 2 names already/);
    for (const name of ['d', 'e', 'f']) expect(names.take(name, TRUSTED)).toBeUndefined();
  });

  it('of those that ask for none can be held by nobody, and had by everybody', () => {
    const names = new Names();
    for (const name of ['window', 'frame', 'webview', 'worker', 'utility']) {
      expect([names.take(name, 'app://a'), names.take(name, 'app://b')]).toEqual([undefined, undefined]);
      expect(names.take(name, TRUSTED)).toMatch(/is that of peers without one/);
    }
  });

  it('are held by no opaque origin: two of them are strangers', () => {
    const names = new Names();
    expect(names.take('widget', 'null')).toBeUndefined();
    expect(names.take('widget', 'null')).toMatch(/is held by another origin/);
    expect(names.take('widget', 'null', ['widget'])).toBeUndefined();
  });

  it('may be what plain objects have already', () => {
    const names = new Names();
    for (const name of ['__proto__', 'constructor']) {
      expect(names.take(name, 'app://a')).toBeUndefined();
      expect(names.take(name, 'app://b')).toMatch(/held/);
    }
    expect(names.take('x', '__proto__')).toBeUndefined();
  });
});
