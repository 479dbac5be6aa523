// An app's own preload, with the library's in it.
import 'portmesh/preload';
import { contextBridge } from 'electron';

contextBridge.exposeInMainWorld('ownPreload', true);
