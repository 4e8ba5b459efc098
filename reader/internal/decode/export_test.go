package decode

// HashBlock is how many bytes are hashed without a goroutine.
const HashBlock = hashBlock
