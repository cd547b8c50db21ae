/**
 * What `sotto` prints without arguments: twelve lines, the whole way from nothing to a message.
 * @module
 */
export const HELP = `sotto: private chat, no account, no server. You are your key.

  sotto open                      the app in your browser; starts it where it does not run
  sotto start                     start it alone; stop ends it, status says how it is
  sotto invite new [--qr]         an invite to hand to one person; id prints your ID
  sotto add INVITE                add the person who gave you an invite
  sotto contacts list             whom you know, and how you reach them
  sotto send ana "See you at 6"   send; - reads the text from standard input
  sotto read ana                  read; search finds, listen prints what comes in
  sotto route show ana            the way your messages take, and who can see what
  sotto config list               settings; logs shows what the app does
Help: sotto COMMAND --help        Try: sotto open
`;
