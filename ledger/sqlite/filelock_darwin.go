package sqlite

// setOpenFileLock is F_OFD_SETLK of XNU's bsd/sys/fcntl.h, which golang.org/x/sys/unix does not have.
const setOpenFileLock = 90
