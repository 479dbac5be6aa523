/** The bundled gateway's text: written beside this file's compiled neighbours by the build. */
export declare const gatewaySource: string;
