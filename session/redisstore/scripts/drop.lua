-- Deletes a mark unless it is later than the coarser mark that replaces it.
-- KEYS: mark. ARGV: epoch of the coarser mark in 20 digits.
local mark = redis.call('GET', KEYS[1])
if mark and mark:sub(1, 20) <= ARGV[1] and mark:sub(21, 40) <= ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 'dropped'
