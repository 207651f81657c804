// The client on a board: the JavaScript engine, the bundled host layer, and the loop that runs both.
#ifndef DEPUTY_HOST_H
#define DEPUTY_HOST_H

/** Runs the client with these arguments (the program's name is not among them) and gives its exit status. */
int hostRun(int count, char **arguments);

#endif
