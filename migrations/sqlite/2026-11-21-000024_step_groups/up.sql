-- Groups of steps that run at the same time.

-- the number of the group's first step; null for a step that stands alone
ALTER TABLE steps ADD COLUMN group_first INTEGER;
ALTER TABLE steps ADD COLUMN group_name TEXT;
-- 1 if they ran one after another, because the worker cannot run them at the same time
ALTER TABLE steps ADD COLUMN group_serial SMALLINT;

-- the position of the group's first step, for those that ran at the same time
ALTER TABLE learned_steps ADD COLUMN group_first INTEGER;
