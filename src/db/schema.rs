//! The tables as diesel sees them; the statements that make them are in `migrations/`.

diesel::table! {
    masters (id) {
        id -> BigInt,
        name -> Text,
        active -> SmallInt,
        last_active_us -> BigInt,
        epoch -> BigInt,
        lease_until_us -> BigInt,
    }
}

diesel::table! {
    builders (id) {
        id -> BigInt,
        name -> Text,
        description -> Nullable<Text>,
        tags -> Text,
        active -> SmallInt,
        last_build_number -> BigInt,
        description_format -> Nullable<Text>,
        description_html -> Nullable<Text>,
        project_id -> Nullable<BigInt>,
        base_builder_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    projects (id) {
        id -> BigInt,
        name -> Text,
        slug -> Text,
        description -> Nullable<Text>,
        description_format -> Nullable<Text>,
        description_html -> Nullable<Text>,
        active -> SmallInt,
    }
}

diesel::table! {
    codebases (id) {
        id -> BigInt,
        project_id -> BigInt,
        name -> Text,
        slug -> Text,
    }
}

diesel::table! {
    codebase_commits (id) {
        id -> BigInt,
        codebase_id -> BigInt,
        revision -> Text,
        author -> Text,
        committer -> Nullable<Text>,
        comments -> Text,
        when_us -> BigInt,
        parent_commit_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    codebase_branches (id) {
        id -> BigInt,
        codebase_id -> BigInt,
        name -> Text,
        commit_id -> Nullable<BigInt>,
        last_us -> BigInt,
    }
}

diesel::table! {
    builder_masters (builder_id, master_id) {
        builder_id -> BigInt,
        master_id -> BigInt,
    }
}

diesel::table! {
    workers (id) {
        id -> BigInt,
        name -> Text,
        info -> Text,
        connected -> SmallInt,
        paused -> SmallInt,
        pause_reason -> Nullable<Text>,
        graceful -> SmallInt,
        active -> SmallInt,
        connection_changed_at_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    worker_builders (worker_id, builder_id) {
        worker_id -> BigInt,
        builder_id -> BigInt,
    }
}

diesel::table! {
    schedulers (id) {
        id -> BigInt,
        name -> Text,
        enabled -> SmallInt,
        active -> SmallInt,
        last_change_id -> BigInt,
        state -> Text,
        upstream -> Nullable<Text>,
        upstream_since -> BigInt,
    }
}

diesel::table! {
    change_sources (id) {
        id -> BigInt,
        name -> Text,
        active -> SmallInt,
        state -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        identifier -> Text,
        bb_username -> Nullable<Text>,
        bb_password -> Nullable<Text>,
    }
}

diesel::table! {
    user_attributes (user_id, name) {
        user_id -> BigInt,
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    patches (id) {
        id -> BigInt,
        body -> Binary,
        level -> Integer,
        subdir -> Text,
        author -> Text,
        comment -> Text,
    }
}

diesel::table! {
    source_stamps (id) {
        id -> BigInt,
        digest -> Text,
        codebase -> Text,
        repository -> Text,
        project -> Text,
        branch -> Nullable<Text>,
        revision -> Nullable<Text>,
        patch_id -> Nullable<BigInt>,
        created_at_us -> BigInt,
    }
}

diesel::table! {
    changes (id) {
        id -> BigInt,
        source_stamp_id -> BigInt,
        parent_change_id -> Nullable<BigInt>,
        author -> Text,
        committer -> Nullable<Text>,
        comments -> Text,
        files -> Text,
        revision -> Nullable<Text>,
        branch -> Nullable<Text>,
        category -> Nullable<Text>,
        revlink -> Nullable<Text>,
        repository -> Text,
        project -> Text,
        codebase -> Text,
        properties -> Text,
        when_us -> BigInt,
        user_id -> Nullable<BigInt>,
        source -> Text,
        delivery_key -> Nullable<Text>,
    }
}

diesel::table! {
    scheduler_changes (scheduler_id, change_id) {
        scheduler_id -> BigInt,
        change_id -> BigInt,
        important -> SmallInt,
        classified_at_us -> BigInt,
    }
}

diesel::table! {
    buildsets (id) {
        id -> BigInt,
        scheduler -> Text,
        external_id -> Nullable<Text>,
        reason -> Text,
        submitted_at_us -> BigInt,
        complete_at_us -> Nullable<BigInt>,
        results -> Nullable<Integer>,
        parent_build_id -> Nullable<BigInt>,
        parent_relationship -> Nullable<Text>,
        rebuilt_build_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    buildset_properties (buildset_id, name) {
        buildset_id -> BigInt,
        name -> Text,
        value -> Text,
        source -> Text,
    }
}

diesel::table! {
    buildset_stamps (buildset_id, source_stamp_id) {
        buildset_id -> BigInt,
        source_stamp_id -> BigInt,
    }
}

diesel::table! {
    buildset_changes (buildset_id, change_id) {
        buildset_id -> BigInt,
        change_id -> BigInt,
    }
}

diesel::table! {
    build_requests (id) {
        id -> BigInt,
        buildset_id -> BigInt,
        builder_id -> BigInt,
        priority -> Integer,
        submitted_at_us -> BigInt,
        waited_for -> SmallInt,
        claimed_by -> Nullable<BigInt>,
        claimed_epoch -> Nullable<BigInt>,
        claimed_at_us -> Nullable<BigInt>,
        complete_at_us -> Nullable<BigInt>,
        results -> Nullable<Integer>,
        worker_losses -> Integer,
    }
}

diesel::table! {
    builds (id) {
        id -> BigInt,
        number -> BigInt,
        builder_id -> BigInt,
        request_id -> BigInt,
        worker_id -> BigInt,
        master_id -> BigInt,
        epoch -> BigInt,
        started_at_us -> BigInt,
        complete_at_us -> Nullable<BigInt>,
        results -> Nullable<Integer>,
        state_string -> Text,
        locks_duration_s -> BigInt,
        logs_removed_at_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    build_build_requests (build_id, request_id) {
        build_id -> BigInt,
        request_id -> BigInt,
    }
}

diesel::table! {
    build_properties (build_id, name) {
        build_id -> BigInt,
        name -> Text,
        value -> Text,
        source -> Text,
    }
}

diesel::table! {
    build_data (build_id, name) {
        build_id -> BigInt,
        name -> Text,
        value -> Binary,
        length -> BigInt,
        source -> Text,
    }
}

diesel::table! {
    steps (id) {
        id -> BigInt,
        number -> Integer,
        name -> Text,
        build_id -> BigInt,
        started_at_us -> Nullable<BigInt>,
        locks_acquired_at_us -> Nullable<BigInt>,
        complete_at_us -> Nullable<BigInt>,
        results -> Nullable<Integer>,
        state_string -> Text,
        urls -> Text,
        hidden -> SmallInt,
        group_first -> Nullable<Integer>,
        group_name -> Nullable<Text>,
        group_serial -> Nullable<SmallInt>,
    }
}

diesel::table! {
    logs (id) {
        id -> BigInt,
        step_id -> BigInt,
        name -> Text,
        slug -> Text,
        kind -> Text,
        complete -> SmallInt,
    }
}

diesel::table! {
    config_versions (id) {
        id -> BigInt,
        applied_at_us -> BigInt,
        cause -> Text,
        changes -> Text,
    }
}

diesel::table! {
    config_texts (digest) {
        digest -> Text,
        body -> Text,
    }
}

diesel::table! {
    config_version_files (version_id, name) {
        version_id -> BigInt,
        name -> Text,
        digest -> Text,
    }
}

diesel::table! {
    learned_steps (builder_id, name) {
        builder_id -> BigInt,
        name -> Text,
        position -> Integer,
        presence -> Double,
        group_first -> Nullable<Integer>,
    }
}

diesel::table! {
    learned_metrics (builder_id, step, metric) {
        builder_id -> BigInt,
        step -> Text,
        metric -> Text,
        value -> Double,
        n_samples -> Integer,
    }
}

diesel::table! {
    step_progress (step_id, metric) {
        step_id -> BigInt,
        metric -> Text,
        value -> Double,
    }
}

diesel::table! {
    chunks_to_remove (log_id) {
        log_id -> BigInt,
    }
}

diesel::table! {
    counters (name) {
        name -> Text,
        next -> BigInt,
    }
}

diesel::table! {
    events (master_id, seq) {
        master_id -> BigInt,
        seq -> BigInt,
        at_us -> BigInt,
        key -> Text,
        payload -> Text,
    }
}

diesel::table! {
    reporter_cursors (reporter, master_id) {
        reporter -> Text,
        master_id -> BigInt,
        seq -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        reporter -> Text,
        event_key -> Text,
        queue -> Text,
        title -> Text,
        recipients -> Text,
        addressed_to -> Text,
        body -> Binary,
        state -> Text,
        attempts -> BigInt,
        created_at_us -> BigInt,
        due_at_us -> BigInt,
        ended_at_us -> Nullable<BigInt>,
        detail -> Text,
    }
}

diesel::table! {
    worker_absences (worker_id) {
        worker_id -> BigInt,
        since_us -> BigInt,
        told_at_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    stored_values (store, name) {
        store -> Text,
        name -> Text,
        value -> Text,
        stored_at_us -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    masters,
    builders,
    builder_masters,
    workers,
    worker_builders,
    schedulers,
    change_sources,
    users,
    user_attributes,
    patches,
    source_stamps,
    changes,
    scheduler_changes,
    buildsets,
    buildset_properties,
    buildset_stamps,
    buildset_changes,
    build_requests,
    builds,
    build_build_requests,
    build_properties,
    build_data,
    steps,
    logs,
    config_versions,
    config_texts,
    config_version_files,
    learned_steps,
    learned_metrics,
    step_progress,
    chunks_to_remove,
    counters,
    projects,
    codebases,
    codebase_commits,
    codebase_branches,
    events,
    reporter_cursors,
    deliveries,
    worker_absences,
    stored_values,
);

diesel::joinable!(builds -> builders (builder_id));
diesel::joinable!(build_requests -> buildsets (buildset_id));
diesel::joinable!(steps -> builds (build_id));
diesel::joinable!(logs -> steps (step_id));
diesel::joinable!(changes -> source_stamps (source_stamp_id));
diesel::joinable!(buildset_stamps -> source_stamps (source_stamp_id));

pub mod chats;
pub mod logs_db;
