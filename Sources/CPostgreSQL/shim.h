#include <libpq-fe.h>

// Swift does not import macros that are characters.
static const int PGFieldSQLState = PG_DIAG_SQLSTATE;
static const int PGFieldMessagePrimary = PG_DIAG_MESSAGE_PRIMARY;
