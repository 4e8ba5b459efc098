package lockfile

// setOpenFileLock is F_OFD_SETLK of XNU's bsd/sys/fcntl.h; golang.org/x/sys/unix does not have it.
const setOpenFileLock = 90
