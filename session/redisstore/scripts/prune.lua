-- Removes entries without a record from an index. KEYS: index, records. ARGV: IDs of the records.
for i, id in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[i + 1]) == 0 then
    redis.call('ZREM', KEYS[1], id)
  end
end
return 'pruned'
