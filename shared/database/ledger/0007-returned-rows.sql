-- Rows that came back to a mapping which said the same already: taken back, the row goes and the mapping stays as it is. A
-- restore of a table that somebody has emptied so writes 32 bytes of undo entries a row, like the insert that it is.
ALTER TABLE portage.undo_inserts ADD COLUMN mapped boolean NOT NULL DEFAULT false;
ALTER TABLE portage.undo_inserts DROP CONSTRAINT undo_inserts_pkey, ADD PRIMARY KEY (batch_no, entity_id, mapped);
