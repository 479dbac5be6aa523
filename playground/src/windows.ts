import type { BrowserWindow } from 'electron';
export async function startPlayground(_open: (url: string) => Promise<BrowserWindow>): Promise<void> {}
