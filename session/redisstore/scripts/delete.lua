-- Deletes a record. KEYS: record, index. ARGV: ID.
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 'deleted'
