throw new Error('this is no Electron');
