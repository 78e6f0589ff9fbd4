-- Deletes a mark that says nothing more than a coarser one of the given number.
-- KEYS: mark. ARGV: number in twenty digits.
local mark = redis.call('GET', KEYS[1])
if mark and mark:sub(1, 20) <= ARGV[1] and mark:sub(21, 40) <= ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 'dropped'
